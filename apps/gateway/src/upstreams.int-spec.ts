import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Unavailable } from '@daftari/kernel';
import { loadConfig } from '@daftari/service-kit';
import { freePort } from '@daftari/testing';
import { GatewayConfig } from './config.js';
import { Upstreams } from './upstreams.js';

describe('the way to several instances of a service', () => {
  const servers: Server[] = [];
  let upstreams: Upstreams;
  const call = (method: string) => ({ method, path: '/v1/loans', headers: {} });

  /** An instance that answers with its name, or hangs up in the middle of a request. */
  const instance = async (name: string, hangsUp = false): Promise<string> => {
    const server = createServer((request, response) => {
      if (hangsUp) request.socket.destroy();
      else response.end(name);
    });
    servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  };
  const to = (...urls: string[]): void => {
    const env = { INTERNAL_KEY: 'k'.repeat(32), ORIGINATION_URL: urls.join(',') };
    upstreams = new Upstreams(loadConfig(GatewayConfig, env));
  };
  const answers = async (count: number, method = 'GET'): Promise<string[]> => {
    const all: string[] = [];
    for (let i = 0; i < count; i++)
      all.push(String((await upstreams.forward('origination', call(method))).body));
    return all;
  };

  afterEach(async () => {
    await upstreams.close();
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  });

  it('takes turns', async () => {
    to(await instance('one'), await instance('two'));
    expect((await answers(4)).sort()).toEqual(['one', 'one', 'two', 'two']);
  });

  it.each(['GET', 'POST'])('passes over an instance that is not there: %s', async (method) => {
    to(`http://127.0.0.1:${String(await freePort())}`, await instance('two'));
    expect(await answers(4, method)).toEqual(['two', 'two', 'two', 'two']);
  });

  it('asks again elsewhere when a read breaks off, and never sends a write twice', async () => {
    to(await instance('one', true), await instance('two'));
    expect(await answers(4)).toEqual(['two', 'two', 'two', 'two']);
    const writes = await Promise.allSettled([1, 2].map(() => answers(1, 'POST')));
    expect(writes.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  });

  it('says that the service is unavailable when no instance answers', async () => {
    to(`http://127.0.0.1:${String(await freePort())}`, await instance('two', true));
    await expect(answers(1)).rejects.toBeInstanceOf(Unavailable);
  });

  it('refuses an address that is none', () => {
    to(`http://127.0.0.1:1`);
    const load = (url: string) => () =>
      loadConfig(GatewayConfig, { INTERNAL_KEY: 'k'.repeat(32), LEDGER_URL: url });
    for (const bad of ['ledger', 'http://a,', 'http://a, http://b', 'ftp://a'])
      expect(load(bad)).toThrow('LEDGER_URL');
    expect(load('http://ledger-1:3003,https://ledger-2')).not.toThrow();
  });
});
