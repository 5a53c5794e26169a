import { assertMessage, MESSAGES } from './index.js';

describe('the published language', () => {
  it.each([...MESSAGES.values()].map((m) => [m.type, m] as const))(
    'accepts the example of %s',
    (_type, m) => {
      expect(() => {
        assertMessage({ type: m.type, topic: m.topic, data: m.example });
      }).not.toThrow();
    },
  );

  it('refuses an unknown type, a wrong topic and a missing field', () => {
    const [first] = [...MESSAGES.values()];
    expect(() => {
      assertMessage({ type: 'nothing', topic: 'x', data: {} });
    }).toThrow('Unknown message type');
    expect(() => {
      assertMessage({ type: first?.type ?? '', topic: 'x', data: first?.example });
    }).toThrow('does not belong');
    expect(() => {
      assertMessage({ type: first?.type ?? '', topic: first?.topic ?? '', data: {} });
    }).toThrow('breaks its schema');
  });
});
