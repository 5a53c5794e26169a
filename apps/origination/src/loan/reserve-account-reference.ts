import { Unavailable } from '@daftari/kernel';
import type { PoolClient } from 'pg';
import { accountReferenceOf } from './domain/account-reference.js';

const ATTEMPTS_MAX = 20;

/** The account reference of a loan, unique in its tenant; the loan's own when it has one already. */
export const reserveAccountReference = async (
  tx: PoolClient,
  tenantId: string,
  loanId: string,
): Promise<string> => {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const reference = accountReferenceOf(loanId, attempt);
    await tx.query(
      'insert into account_reference(tenant_id, reference, loan_id) values ($1, $2, $3) on conflict do nothing',
      [tenantId, reference, loanId],
    );
    const { rows } = await tx.query<{ reference: string }>(
      'select reference from account_reference where loan_id = $1',
      [loanId],
    );
    if (rows[0]) return rows[0].reference;
  }
  throw new Unavailable('No free account reference was found');
};
