// Answers as the platform gave them to one loan of KES 25,000: shown in the document of the API.

/** A notification in the app of its receiver. */
export const NOTIFICATION = {
  id: '0198c2f0-0000-7000-8000-000000000001',
  userId: '0198c2f0-0000-7000-8000-000000000002',
  template: 'repayment-success',
  channel: 'in-app',
  subject: 'We received your payment S3D3F4CEDE',
  status: 'accepted',
  body: 'Dear Asha Otieno, we received KES 700.00 on 2026-01-31.',
  createdAt: '2026-01-31T09:22:46.191Z',
  acceptedAt: '2026-01-31T09:22:47.241Z',
};
