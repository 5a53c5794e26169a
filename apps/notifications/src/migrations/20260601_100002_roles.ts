import type { Migration } from '@daftari/service-kit';

/** What a contact is on the platform: a vendor hears of the applications that name it. Unknown until identity says it again. */
export const contactRoles: Migration = {
  name: '20260601_100002_roles',
  up: `alter table contact add column roles text[] not null default '{}';`,
  down: 'alter table contact drop column roles;',
};
