import { connect } from 'node:net';

const CONNECT_MS = 2_000;

/** Does a server take connections there? Nothing is sent. */
export const takesConnections = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port, timeout: CONNECT_MS });
    const end = (taken: boolean) => (): void => {
      socket.destroy();
      resolve(taken);
    };
    socket.once('connect', end(true)).once('timeout', end(false)).once('error', end(false));
  });

/** The same for the server of an http or https address. */
export const isReachable = (url: string): Promise<boolean> => {
  const { hostname, port, protocol } = new URL(url);
  return takesConnections(
    hostname,
    port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  );
};
