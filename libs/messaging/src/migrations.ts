import { busPurgeMigration } from './purge.js';

interface Migration {
  readonly name: string;
  readonly up: string;
  readonly down: string;
}

/**
 * The bus's own database. Offsets are gapless and in commit order because the partition row is locked while a batch
 * is numbered; a lease names the member that owns a partition, and its epoch fences whoever owned it before.
 */
export const busMigrations: readonly Migration[] = [
  {
    name: '20260101_000020_bus',
    up: `
create schema bus;
create table bus.topic(topic text primary key, partitions int not null check (partitions between 1 and 256), retention interval not null default '30 days');
create table bus.partition(topic text not null references bus.topic, partition int not null, next_offset bigint not null default 0, primary key(topic, partition)) with (fillfactor = 20);
create table bus.message(
  topic text not null, partition int not null, "offset" bigint not null, key text, value bytea, headers jsonb not null default '{}',
  ts timestamptz not null default clock_timestamp(), primary key(topic, partition, "offset"));
create table bus.member(grp text not null, member uuid not null, topics text[] not null, last_seen timestamptz not null, session interval not null, primary key(grp, member)) with (fillfactor = 50);
create table bus.lease(
  grp text not null, topic text not null, partition int not null, member uuid, epoch bigint not null default 0, lease_until timestamptz,
  committed bigint not null default 0, primary key(grp, topic, partition)) with (fillfactor = 20);

create function bus.produce(p_topics text[], p_parts int[], p_keys text[], p_values bytea[], p_headers jsonb[]) returns void language plpgsql as $$
declare v_stored int;
begin
  perform 1 from bus.partition p join (select distinct t, n from unnest(p_topics, p_parts) x(t, n)) c on p.topic = c.t and p.partition = c.n
    order by p.topic, p.partition for update of p;
  insert into bus.message(topic, partition, "offset", key, value, headers)
    select r.t, r.n, p.next_offset + row_number() over (partition by r.t, r.n order by r.o) - 1, r.k, r.v, r.h
    from unnest(p_topics, p_parts, p_keys, p_values, p_headers) with ordinality r(t, n, k, v, h, o)
    join bus.partition p on p.topic = r.t and p.partition = r.n;
  get diagnostics v_stored = row_count;
  if v_stored <> cardinality(p_topics) then raise exception 'bus: unknown topic or partition' using errcode = 'no_data_found'; end if;
  update bus.partition p set next_offset = p.next_offset + c.n
    from (select t, n as part, count(*) as n from unnest(p_topics, p_parts) x(t, n) group by 1, 2) c where p.topic = c.t and p.partition = c.part;
  perform pg_notify('bus', '');
end $$;

-- A member's share: the partitions dealt out evenly, the rest to the first members by name.
create function bus.fair_share(p_grp text, p_member uuid, p_topics text[]) returns int language sql as $$
  with m as (select count(*) as n, count(*) filter (where member <= p_member) as rank from bus.member where grp = p_grp and topics && p_topics),
    l as (select count(*) as n from bus.lease where grp = p_grp and topic = any(p_topics))
  select (l.n / greatest(1, m.n) + case when m.rank <= l.n % greatest(1, m.n) then 1 else 0 end)::int from l, m $$;

-- Heartbeat: evicts the dead, takes free partitions up to a fair share (unless the member is leaving), gives what is owned now.
create function bus.poll_assignment(p_grp text, p_member uuid, p_topics text[], p_session interval, p_take boolean)
returns table(topic text, partition int, epoch bigint, committed bigint) language plpgsql as $$
declare v_now timestamptz; v_want int; v_new boolean; v_evicted int;
begin
  perform pg_advisory_xact_lock(hashtextextended('bus:' || p_grp, 0));
  v_now := clock_timestamp();
  insert into bus.member(grp, member, topics, last_seen, session) values (p_grp, p_member, p_topics, v_now, p_session)
    on conflict (grp, member) do update set last_seen = v_now, topics = p_topics, session = p_session returning xmax = 0 into v_new;
  delete from bus.member m where m.grp = p_grp and m.last_seen < v_now - m.session;
  get diagnostics v_evicted = row_count;
  insert into bus.lease(grp, topic, partition) select p_grp, p.topic, p.partition from bus.partition p where p.topic = any(p_topics) on conflict do nothing;
  update bus.lease l set member = null, lease_until = null where l.grp = p_grp and l.member is not null
    and (l.lease_until < v_now or not exists (select 1 from bus.member m where m.grp = p_grp and m.member = l.member));
  if p_take then
    v_want := bus.fair_share(p_grp, p_member, p_topics) - (select count(*) from bus.lease l where l.grp = p_grp and l.member = p_member);
    update bus.lease l set member = p_member, epoch = l.epoch + 1
      from (select x.topic, x.partition from bus.lease x where x.grp = p_grp and x.topic = any(p_topics) and x.member is null order by 1, 2 limit greatest(0, v_want)) f
      where l.grp = p_grp and l.topic = f.topic and l.partition = f.partition;
  end if;
  update bus.lease l set lease_until = v_now + p_session where l.grp = p_grp and l.member = p_member;
  if v_new or v_evicted > 0 then perform pg_notify('bus', p_grp); end if;
  return query select l.topic, l.partition, l.epoch, l.committed from bus.lease l where l.grp = p_grp and l.member = p_member order by 1, 2;
end $$;

create function bus.leave(p_grp text, p_member uuid) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('bus:' || p_grp, 0));
  delete from bus.member where grp = p_grp and member = p_member;
  update bus.lease set member = null, lease_until = null where grp = p_grp and member = p_member;
  perform pg_notify('bus', p_grp);
end $$;

-- Moves a group that has no live member; false when it has.
create function bus.seek(p_grp text, p_topic text, p_partition int, p_offset bigint) returns boolean language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended('bus:' || p_grp, 0));
  if exists (select 1 from bus.member m where m.grp = p_grp and m.last_seen >= clock_timestamp() - m.session) then return false; end if;
  insert into bus.lease(grp, topic, partition, committed) values (p_grp, p_topic, p_partition, p_offset)
    on conflict (grp, topic, partition) do update set committed = p_offset, epoch = bus.lease.epoch + 1, member = null, lease_until = null;
  return true;
end $$;

-- The member has finished with a partition that is another's fair share.
create function bus.release(p_grp text, p_topic text, p_partition int, p_member uuid, p_epoch bigint) returns void language sql as $$
  update bus.lease set member = null, lease_until = null where grp = p_grp and topic = p_topic and partition = p_partition and member = p_member and epoch = p_epoch;
  select pg_notify('bus', p_grp) $$;

-- Only the owner of this epoch may commit, and never backwards.
create function bus.commit_offset(p_grp text, p_topic text, p_partition int, p_member uuid, p_epoch bigint, p_offset bigint) returns boolean language sql as $$
  with u as (update bus.lease set committed = p_offset where grp = p_grp and topic = p_topic and partition = p_partition and member = p_member and epoch = p_epoch and committed <= p_offset returning 1)
  select exists (select 1 from u) $$;
`,
    down: 'drop schema bus cascade;',
  },
  busPurgeMigration,
];

/** Tables of a service's own database: what is still to be sent, and what has been handled. */
export const outboxMigrations: readonly Migration[] = [
  {
    name: '20260101_000030_outbox_inbox',
    up: `
create table outbox(
  id bigint generated always as identity primary key, message jsonb not null, created_at timestamptz not null default now()) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);
create table inbox(consumer text not null, message_id text not null, processed_at timestamptz not null default now(), primary key(consumer, message_id));
create index inbox_processed_at on inbox(processed_at);`,
    down: 'drop table outbox; drop table inbox;',
  },
];

/** How far an event log has been published. */
export const relayMigrations: readonly Migration[] = [
  {
    name: '20260101_000040_relay',
    up: 'create table relay_checkpoint(name text primary key, position text not null, updated_at timestamptz not null default now());',
    down: 'drop table relay_checkpoint;',
  },
];
