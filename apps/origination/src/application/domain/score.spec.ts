import { basicV1 } from '../scorecards/basic-v1.js';
import { type ScoreInputs, scoreOf } from './score.js';

const inputs: ScoreInputs = {
  installmentToIncomeBps: 1_734,
  monthlyIncome: 50_000,
  employed: 1,
  completedLoans: 0,
};

describe('a score', () => {
  it('says card, version, inputs, and points by factor', () => {
    expect(scoreOf(basicV1, inputs)).toEqual({
      card: { id: 'basic', version: 1 },
      inputs,
      factors: [
        { factor: 'installmentToIncomeBps', points: 400 },
        { factor: 'monthlyIncome', points: 250 },
        { factor: 'employed', points: 100 },
        { factor: 'completedLoans', points: 50 },
      ],
      total: 800,
      grade: 'A',
    });
  });

  it('comes out the same from what was stored', () => {
    const stored = JSON.parse(JSON.stringify(scoreOf(basicV1, inputs))) as { inputs: ScoreInputs };
    expect(scoreOf(basicV1, stored.inputs)).toEqual(stored);
  });

  it.each([
    [2_000, 400],
    [2_001, 300],
    [3_500, 300],
    [3_501, 150],
    [5_000, 150],
    [5_001, 0],
  ])('gives an installment of %i basis points of the income %i points', (bps, points) => {
    const { factors } = scoreOf(basicV1, { ...inputs, installmentToIncomeBps: bps });
    expect(factors[0]?.points).toBe(points);
  });

  it.each([
    ['A', 1_000, 100_000, 1, 3],
    ['B', 3_000, 20_000, 1, 0],
    ['C', 4_000, 20_000, 1, 0],
    ['D', 9_000, 5_000, 0, 0],
  ] as const)(
    'grades %s',
    (grade, installmentToIncomeBps, monthlyIncome, employed, completedLoans) => {
      const all = { installmentToIncomeBps, monthlyIncome, employed, completedLoans };
      expect(scoreOf(basicV1, all).grade).toBe(grade);
    },
  );
});
