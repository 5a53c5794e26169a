import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Matches, Max, MaxLength, Min } from 'class-validator';
import { POSITION } from '@daftari/event-store';
import { page } from '@daftari/service-kit';
import type { Pool } from 'pg';

/** `?limit=1..100&cursor=&status=` */
export class ListQuery {
  @ApiPropertyOptional({ example: 20, minimum: 1, maximum: 100 })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(100)
  limit = 50;

  @ApiPropertyOptional({ description: 'nextCursor of the page before' })
  @IsOptional()
  @Matches(POSITION)
  cursor?: string;

  @ApiPropertyOptional({ example: 'active' })
  @IsOptional()
  @MaxLength(20)
  status?: string;
}

type ReadTable = 'read_products' | 'read_applications' | 'read_loans';

/** One page of a read table, newest first. A row's place in the log is its cursor, so that pages never overlap. */
export const listPage = async (
  pool: Pool,
  table: ReadTable,
  filter: { readonly tenantId: string; readonly ownedBy: string | null },
  query: ListQuery,
): Promise<ReturnType<typeof page>> => {
  const owner = table === 'read_products' ? 'null::uuid' : 'customer_id';
  const status = table === 'read_products' ? 'null::text' : 'status';
  const { rows } = await pool.query<{ position: string; view: object }>(
    `select position, view || jsonb_strip_nulls(jsonb_build_object('status', ${status})) as view
     from ${table}
     where tenant_id = $1 and ($2::uuid is null or ${owner} = $2) and ($3::text is null or ${status} = $3)
       and ($4::text is null or position < $4)
     order by position desc limit $5`,
    [filter.tenantId, filter.ownedBy, query.status ?? null, query.cursor ?? null, query.limit + 1],
  );
  const shown = rows.slice(0, query.limit);
  const more = rows.length > query.limit;
  return page(
    shown.map((row) => row.view),
    more ? (shown.at(-1)?.position ?? null) : null,
  );
};
