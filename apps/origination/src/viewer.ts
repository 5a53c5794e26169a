import type { Permission, RequestMeta } from '@daftari/service-kit';
import type { Viewer } from './aggregates.js';

/** Who asks: with the permission everything of the tenant, without it only what is its own. */
export const viewerOf = (meta: RequestMeta, all: Permission): Viewer => ({
  tenantId: meta.tenantId,
  ownedBy: meta.permissions.has(all) ? null : meta.userId,
});
