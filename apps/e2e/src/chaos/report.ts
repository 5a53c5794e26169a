import type { RoundReport } from './round.js';

interface Line {
  readonly fault: string;
  readonly row: string;
  readonly profile: string;
  rounds: number;
  broken: number;
  longestHealMs: number;
  byPeople: number;
}

const linesOf = (rounds: readonly RoundReport[]): Line[] => {
  const lines = new Map<string, Line>();
  for (const { fault, row, profile, broken, healMs, byPeople } of rounds) {
    const name = `${row} ${fault} ${profile}`;
    const line = lines.get(name) ?? {
      ...{ fault, row, profile },
      ...{ rounds: 0, broken: 0, longestHealMs: 0, byPeople: 0 },
    };
    line.rounds++;
    if (Object.keys(broken).length > 0) line.broken++;
    line.longestHealMs = Math.max(line.longestHealMs, healMs);
    line.byPeople += byPeople;
    lines.set(name, line);
  }
  return [...lines.values()].sort((a, b) =>
    `${a.row.padStart(4)}${a.fault}${a.profile}`.localeCompare(
      `${b.row.padStart(4)}${b.fault}${b.profile}`,
    ),
  );
};

/** The rounds of a campaign as a table in Markdown: fault, how often, how often broken, the longest healing. */
export const tableOf = (rounds: readonly RoundReport[]): string => {
  const total = rounds.filter(({ broken }) => Object.keys(broken).length > 0).length;
  const lives = rounds.reduce((sum, round) => sum + round.lives, 0);
  const commands = rounds.reduce((sum, round) => sum + round.commands, 0);
  return [
    '| row | fault | profile | rounds | broken | longest heal | confirmed by people |',
    '|---|---|---|---|---|---|---|',
    ...linesOf(rounds).map(
      (line) =>
        `| ${line.row} | ${line.fault} | ${line.profile} | ${String(line.rounds)} | ${String(line.broken)} | ${(line.longestHealMs / 1_000).toFixed(1)} s | ${String(line.byPeople)} |`,
    ),
    '',
    `${String(rounds.length)} rounds, ${String(lives)} borrowers, ${String(commands)} commands; ${String(total)} rounds broke an invariant.`,
    '',
  ].join('\n');
};
