import type { Scorecard } from '../domain/score.js';

/** The first card. A published card never changes: another weighting is a new version in a new file. */
export const basicV1: Scorecard = {
  id: 'basic',
  version: 1,
  factors: [
    {
      input: 'installmentToIncomeBps',
      bands: [
        { upTo: 2_000, points: 400 },
        { upTo: 3_500, points: 300 },
        { upTo: 5_000, points: 150 },
        { upTo: null, points: 0 },
      ],
    },
    {
      input: 'monthlyIncome',
      bands: [
        { upTo: 9_999, points: 50 },
        { upTo: 29_999, points: 150 },
        { upTo: 99_999, points: 250 },
        { upTo: null, points: 300 },
      ],
    },
    {
      input: 'employed',
      bands: [
        { upTo: 0, points: 0 },
        { upTo: null, points: 100 },
      ],
    },
    {
      input: 'completedLoans',
      bands: [
        { upTo: 0, points: 50 },
        { upTo: 2, points: 150 },
        { upTo: null, points: 200 },
      ],
    },
  ],
  grades: [
    { from: 750, grade: 'A' },
    { from: 550, grade: 'B' },
    { from: 350, grade: 'C' },
    { from: 0, grade: 'D' },
  ],
};
