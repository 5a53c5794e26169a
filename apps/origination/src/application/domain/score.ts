/** The figures that a score is made of: no name, no address. `monthlyIncome` is in whole units, rounded down. */
export interface ScoreInputs {
  readonly installmentToIncomeBps: number;
  readonly monthlyIncome: number;
  readonly employed: number;
  readonly completedLoans: number;
}

/** Points by band; the first band whose `upTo` is not exceeded counts, null is without limit. */
export interface ScoreFactor {
  readonly input: keyof ScoreInputs;
  readonly bands: readonly { readonly upTo: number | null; readonly points: number }[];
}

/** A versioned card as data. Grades are listed from the best. */
export interface Scorecard {
  readonly id: string;
  readonly version: number;
  readonly factors: readonly ScoreFactor[];
  readonly grades: readonly { readonly from: number; readonly grade: string }[];
}

/** A score with all that is needed to compute it again. */
export interface Score {
  readonly card: { readonly id: string; readonly version: number };
  readonly inputs: ScoreInputs;
  readonly factors: readonly { readonly factor: string; readonly points: number }[];
  readonly total: number;
  readonly grade: string;
}

/** Scores inputs by a card. The same card and inputs give the same score, for ever. */
export const scoreOf = (card: Scorecard, inputs: ScoreInputs): Score => {
  const factors = card.factors.map(({ input, bands }) => ({
    factor: input,
    points: bands.find((b) => b.upTo === null || inputs[input] <= b.upTo)?.points ?? 0,
  }));
  const total = factors.reduce((sum, f) => sum + f.points, 0);
  const grade = card.grades.find((g) => total >= g.from)?.grade ?? 'ungraded';
  return { card: { id: card.id, version: card.version }, inputs, factors, total, grade };
};
