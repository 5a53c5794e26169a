import { ActiveUsers } from './active-users.js';

describe('active users', () => {
  it('are those with a request in the last five minutes, each once', () => {
    let now = 1_000_000;
    const users = new ActiveUsers(() => now);
    users.saw('a');
    users.saw('a');
    users.saw('b');
    expect(users.count()).toBe(2);
    now += 299_999;
    users.saw('b');
    expect(users.count()).toBe(2);
    now += 1;
    expect(users.count()).toBe(1);
    users.close();
  });
});
