export * from './africas-talking.js';
export * from './daraja/callbacks.js';
export * from './daraja/codes.js';
export * from './daraja/daraja-client.js';
export * from './outcome.js';
export * from './provider-http.js';
export * from './smtp-mailer.js';
