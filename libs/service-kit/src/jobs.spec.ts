import { Jobs } from './jobs.js';

describe('background jobs', () => {
  let now = 0;
  let jobs: Jobs;
  beforeEach(() => {
    jobs = new Jobs(() => now);
  });

  it('are healthy before the first try, and while each last try succeeded', () => {
    expect(jobs.areHealthy()).toBe(true);
    jobs.note('outbox', true);
    jobs.note('relay', true);
    expect(jobs.areHealthy()).toBe(true);
  });

  it('are not when one failed, until it succeeds again', () => {
    jobs.note('outbox', true);
    jobs.note('relay', false);
    expect(jobs.areHealthy()).toBe(false);
    jobs.note('relay', true);
    expect(jobs.areHealthy()).toBe(true);
  });

  it('are not when one is silent for a minute', () => {
    jobs.note('outbox', true);
    now += 59_999;
    expect(jobs.areHealthy()).toBe(true);
    now += 1;
    expect(jobs.areHealthy()).toBe(false);
  });
});
