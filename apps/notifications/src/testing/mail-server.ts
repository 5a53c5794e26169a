import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

/** A mail as it arrived. */
export interface Received {
  readonly messageId: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** A mail server that can die and come back on the same port; what it took outlives it. */
export class MailServer {
  readonly mails: Received[] = [];
  port = 0;
  /** Dies after it has taken a mail, before it says so: as often as this. */
  dropAnswers = 0;
  private server: SMTPServer | undefined;

  async start(): Promise<void> {
    const server = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      onData: (stream, session, done) => {
        void simpleParser(stream).then((mail) => {
          const to = Array.isArray(mail.to) ? mail.to[0] : mail.to;
          this.mails.push({
            messageId: mail.messageId ?? '',
            to: to?.text ?? '',
            subject: mail.subject ?? '',
            text: mail.text ?? '',
            html: typeof mail.html === 'string' ? mail.html : '',
          });
          if (this.dropAnswers-- <= 0) {
            done();
            return;
          }
          for (const connection of server.connections) connection.close();
          done(new Error(`lost ${session.id}`));
        });
      },
    });
    server.on('error', () => undefined);
    this.dropAnswers = 0;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    const address = server.server.address();
    this.port = typeof address === 'object' && address ? address.port : 0;
    this.server = server;
  }

  /** Ends at once, with every connection. */
  async kill(): Promise<void> {
    const { server } = this;
    if (!server) return;
    for (const connection of server.connections) connection.close();
    await new Promise<void>((resolve) => server.close(resolve));
  }

  to(address: string): readonly Received[] {
    return this.mails.filter(({ to }) => to === address);
  }
}
