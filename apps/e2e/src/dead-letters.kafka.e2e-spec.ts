import { onKafkaToo } from './profile.js';

await onKafkaToo('dead letters on Kafka', () => import('./dead-letters.e2e-spec.js'));
