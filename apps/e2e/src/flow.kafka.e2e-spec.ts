import { onKafkaToo } from './profile.js';

await onKafkaToo('the flow of a loan on Kafka', () => import('./flow.e2e-spec.js'));
