/** The public face of Plugboard. */
export { createGateway, type Gateway, type GatewayOptions } from './gateway.ts';
export { defineConfig, type Configuration } from './configuration.ts';
export { defineAction, defineConnector, defineObject, defineTrigger } from './connector/define.ts';
export * from './errors.ts';
