import type { Migration } from '@daftari/service-kit';

/** Read models, and the account references that are taken in each tenant. */
export const originationTables: Migration = {
  name: '20260101_100001_origination',
  up: `
    create table read_products(
      product_id uuid primary key, tenant_id uuid not null, position text not null collate "C", view jsonb not null);
    create index read_products_tenant on read_products(tenant_id, position);
    create table read_applications(
      application_id uuid primary key, tenant_id uuid not null, customer_id uuid not null,
      status text not null, position text not null collate "C", view jsonb not null);
    create index read_applications_tenant on read_applications(tenant_id, position);
    create table read_loans(
      loan_id uuid primary key, tenant_id uuid not null, customer_id uuid not null,
      status text not null, position text not null collate "C", view jsonb not null);
    create index read_loans_tenant on read_loans(tenant_id, position);
    create index read_loans_customer on read_loans(customer_id, status);
    create table account_reference(
      tenant_id uuid not null, reference text not null, loan_id uuid not null unique,
      primary key (tenant_id, reference));`,
  down: `
    drop table account_reference; drop table read_loans; drop table read_applications; drop table read_products;`,
};
