import { MESSAGES } from '@daftari/contracts';
import { metricsRegistry } from '@daftari/service-kit';
import { filesIn, isThere, textOf, yamlOf } from './files.js';

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
  readonly annotations?: { readonly summary: string; readonly runbook: string };
}
interface Dashboard {
  readonly uid: string;
  readonly panels: readonly {
    readonly title: string;
    readonly targets: readonly { readonly expr: string }[];
  }[];
}

const { groups } = yamlOf('deploy/prometheus/alerts.yml') as {
  groups: readonly { readonly rules: readonly Rule[] }[];
};
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.filter(({ alert }) => alert !== undefined);
const dashboards = filesIn('deploy/grafana/dashboards').map(
  (file) => JSON.parse(textOf(`deploy/grafana/dashboards/${file}`)) as Dashboard,
);
const panels = dashboards.flatMap((board) => board.panels);
const expressions = [
  ...rules.map(({ alert, record, expr }) => ({ where: alert ?? record ?? '', expr })),
  ...panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({ where: title, expr }))),
];

const FUNCTIONS = new Set(
  'sum max min abs and or by without le rate increase histogram_quantile topk avg_over_time stddev_over_time'.split(
    ' ',
  ),
);
/** Names of metrics in a PromQL expression: what is left without selectors, ranges, grouping labels and functions. */
const metricsIn = (expr: string): string[] =>
  (
    expr
      .replace(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g, ' ')
      .replace(/\b(by|without)\s*\([^)]*\)/g, ' ')
      .match(/[a-z_][a-z0-9_:]*/gi) ?? []
  ).filter((name) => !FUNCTIONS.has(name) && !/^e\d+$/.test(name));

const registered = (): Map<string, readonly string[]> => {
  const all = metricsRegistry.getMetricsAsArray();
  return new Map(
    all.flatMap((metric) => {
      const { name, labelNames } = metric as unknown as { name: string; labelNames: string[] };
      const isHistogram = String(metric.type) === 'histogram';
      const names = isHistogram ? [`${name}_bucket`, `${name}_count`, `${name}_sum`] : [name];
      return names.map((each) => [each, isHistogram ? [...labelNames, 'le'] : labelNames] as const);
    }),
  );
};
const recorded = rules.flatMap(({ record }) => (record === undefined ? [] : [record]));

describe('dashboards and alert rules', () => {
  it('speak only of metrics that the code has', () => {
    const names = new Set([...registered().keys(), ...recorded, 'up']);
    const unknown = expressions.flatMap(({ where, expr }) =>
      metricsIn(expr)
        .filter((name) => !names.has(name))
        .map((name) => `${where}: ${name}`),
    );
    expect(unknown).toEqual([]);
    expect(metricsIn('sum by (le) (rate(no_such_metric{a="b"}[5m])) > 0')).toEqual([
      'no_such_metric',
    ]);
  });

  it('select by labels that these metrics have', () => {
    const labels = registered();
    const scraped = ['service', 'job', 'instance'];
    const unknown = expressions.flatMap(({ where, expr }) =>
      [...expr.matchAll(/([a-z_:]+)\{([^}]*)\}/g)].flatMap(([, name = '', selector = '']) =>
        [...selector.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)/g)]
          .map(([, label = '']) => label)
          .filter((label) => ![...scraped, ...(labels.get(name) ?? [])].includes(label))
          .map((label) => `${where}: ${name} ${label}`),
      ),
    );
    expect(unknown).toEqual([]);
  });

  it('select by types of messages that are published', () => {
    const named = expressions.flatMap(({ expr }) =>
      [...expr.matchAll(/type!?="([^"]+)"/g)].map(([, type]) => type),
    );
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((type) => !MESSAGES.has(type ?? ''))).toEqual([]);
  });

  it('show every metric of our own', () => {
    const shown = new Set(expressions.flatMap(({ expr }) => metricsIn(expr)));
    const own = [...registered().keys()].filter(
      (name) => !/^(process|nodejs)_|_sum$|_bucket$/.test(name),
    );
    expect(own.filter((name) => !shown.has(name))).toEqual([]);
  });
});

describe('alerts', () => {
  it.each(alerts.map((rule) => [rule.alert ?? '', rule] as const))(
    '%s has a runbook of four parts and a test that trips it',
    (name, { annotations }) => {
      const path = annotations?.runbook ?? '';
      expect(isThere(path)).toBe(true);
      const text = textOf(path);
      expect(text).toContain(`# ${name}\n`);
      for (const part of ['Symptom', 'Check', 'Act', 'Verify'])
        expect(text).toMatch(new RegExp(`\n## ${part}\n\n\\S`));
      expect(textOf('deploy/prometheus/alerts.test.yml')).toContain(`alertname: ${name}\n`);
    },
  );

  it('have no runbook without an alert', () => {
    const named = alerts.map(({ annotations }) => annotations?.runbook);
    const there = filesIn('docs/runbooks').map((file) => `docs/runbooks/${file}`);
    expect(there.filter((path) => !named.includes(path))).toEqual([]);
  });
});
