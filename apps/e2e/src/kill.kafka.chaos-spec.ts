import { onKafkaToo } from './profile.js';

await onKafkaToo('every process killed in turn, on Kafka', () => import('./kill.chaos-spec.js'));
