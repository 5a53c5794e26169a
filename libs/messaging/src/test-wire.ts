import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A wire to a port that can fail as networks and machines do. */
export interface Wire {
  readonly port: number;
  /** Drops every connection and refuses new ones, as a crash would. */
  cut(): void;
  /** Lets requests through and loses the answers. */
  deafen(): void;
  mend(): void;
  close(): void;
}

/** Makes a wire to a port of this machine. */
export const wireTo = async (target: number): Promise<Wire> => {
  const sockets = new Set<Socket>();
  let state: 'whole' | 'cut' | 'deaf' = 'whole';
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const server = createServer((inner) => {
    if (state === 'cut') {
      inner.destroy();
      return;
    }
    const outer = connect(target, '127.0.0.1');
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    inner.on('close', () => outer.destroy());
    outer.on('close', () => inner.destroy());
    inner.pipe(outer);
    outer.on('data', (chunk) => {
      if (state !== 'deaf') inner.write(chunk);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = 'cut';
      drop();
    },
    deafen() {
      state = 'deaf';
    },
    mend() {
      state = 'whole';
      drop(); // what was lost on the way stays lost
    },
    close() {
      server.close();
      drop();
    },
  };
};
