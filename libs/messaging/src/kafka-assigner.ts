import { AssignerProtocol, type PartitionAssigner } from 'kafkajs';

const { MemberAssignment, MemberMetadata } = AssignerProtocol;
const NAME = 'daftari-sticky';

/** Partitions by topic. */
export type PartitionsByTopic = Readonly<Record<string, readonly number[]>>;

/** A member of a group: what it reads, and what it holds now, the partitions with a running handler first. */
export interface Member {
  readonly id: string;
  readonly topics: readonly string[];
  readonly held: PartitionsByTopic;
}

const add = (to: Record<string, number[]>, topic: string, partition: number): void => {
  (to[topic] ??= []).push(partition);
};

/** How many of a topic's partitions each member keeps: what it holds, up to a fair share. */
const keep = (
  partitions: readonly number[],
  topic: string,
  members: readonly Member[],
): Map<string, number[]> => {
  const free = new Set(partitions);
  const fair = Math.floor(partitions.length / members.length);
  let larger = partitions.length % members.length;
  const kept = new Map<string, number[]>();
  const claims = members
    .map(({ id, held }) => ({ id, mine: (held[topic] ?? []).filter((p) => free.has(p)) }))
    .sort((a, b) => b.mine.length - a.mine.length || a.id.localeCompare(b.id));
  for (const { id, mine } of claims) {
    const still = mine.filter((partition) => free.has(partition));
    const share = still.length > fair && larger > 0 ? fair + 1 : fair;
    if (share > fair) larger--;
    const own = still.slice(0, share);
    for (const partition of own) free.delete(partition);
    kept.set(id, own);
  }
  return kept;
};

/**
 * Deals partitions out evenly, topic by topic, and leaves with each member what it holds, as far as that is fair:
 * so that a member with a slow handler keeps its partition when another joins. Pure, and the same for every leader.
 */
export const assignSticky = (
  partitions: ReadonlyMap<string, readonly number[]>,
  members: readonly Member[],
): Map<string, Record<string, number[]>> => {
  const assigned = new Map(members.map(({ id }) => [id, {} as Record<string, number[]>]));
  const total = new Map(members.map(({ id }) => [id, 0]));
  for (const [topic, all] of partitions) {
    const readers = members.filter(({ topics }) => topics.includes(topic));
    if (readers.length === 0) continue;
    const kept = keep(all, topic, readers);
    const taken = new Set([...kept.values()].flat());
    const count = (id: string): number => kept.get(id)?.length ?? 0;
    for (const partition of all.filter((each) => !taken.has(each))) {
      const [next] = readers
        .map(({ id }) => id)
        .sort(
          (a, b) =>
            count(a) - count(b) ||
            (total.get(a) ?? 0) + count(a) - (total.get(b) ?? 0) - count(b) ||
            a.localeCompare(b),
        );
      if (next !== undefined) kept.get(next)?.push(partition);
    }
    for (const [id, own] of kept) {
      for (const partition of own) add(assigned.get(id) ?? {}, topic, partition);
      total.set(id, (total.get(id) ?? 0) + own.length);
    }
  }
  return assigned;
};

const memberOf = (id: string, metadata: Buffer): Member => {
  const decoded = MemberMetadata.decode(metadata);
  const said = decoded?.userData.toString() ?? '';
  const held = said === '' ? {} : (JSON.parse(said) as PartitionsByTopic);
  return { id, topics: decoded?.topics ?? [], held };
};

/** `assignSticky` as kafkajs wants it; `held` says what this member has at the moment of joining. */
export const stickyAssigner =
  (held: () => PartitionsByTopic): PartitionAssigner =>
  ({ cluster }) => ({
    name: NAME,
    version: 1,
    async assign({ members, topics }) {
      const partitions = new Map(
        topics.map((topic) => [
          topic,
          cluster
            .findTopicPartitionMetadata(topic)
            .map(({ partitionId }) => partitionId)
            .sort((a, b) => a - b),
        ]),
      );
      const assigned = assignSticky(
        partitions,
        members.map(({ memberId, memberMetadata }) => memberOf(memberId, memberMetadata)),
      );
      return [...assigned].map(([memberId, assignment]) => ({
        memberId,
        memberAssignment: MemberAssignment.encode({
          version: 1,
          assignment,
          userData: Buffer.alloc(0),
        }),
      }));
    },
    protocol: ({ topics }) => ({
      name: NAME,
      metadata: MemberMetadata.encode({
        version: 1,
        topics,
        userData: Buffer.from(JSON.stringify(held())),
      }),
    }),
  });
