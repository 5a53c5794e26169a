import { runService } from '@daftari/service-kit';
import { service } from './service.js';

await runService(service);
