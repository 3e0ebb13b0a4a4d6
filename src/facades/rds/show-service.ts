/** A registration as RDS shows a service. Secrets are empty texts. */
import type { Registration } from '../../connection/registration.ts';
import { serviceNameOf } from '../../importers/rds/service-name.ts';
import type { Envelope } from './envelope.ts';

/** @param registration - of a connector that `importers/rds` made. */
export function serviceEnvelope(registration: Registration): Envelope {
  const data = serviceData(registration);
  return isOAuth(registration)
    ? { type: 'OAuth2Service', data: { ...data, client_secret: '' } }
    : { type: 'LoginService', data };
}

/** What `informations` of port-service shows: all but the client's secret. */
export function serviceData(registration: Registration): Readonly<Record<string, unknown>> {
  const { connector, fields, endpoints } = registration;
  const text = (name: string, fallback: string | null) => fields[name] ?? fallback;
  return {
    servicename: serviceNameOf(connector),
    implements: implementsOf(registration),
    fileTransferMode: fields['fileTransferMode'] ?? 0,
    fileTransferArchive: fields['fileTransferArchive'] ?? 0,
    description: parse(fields['description'], { en: '' }),
    icon: text('icon', null),
    infoUrl: text('infoUrl', ''),
    helpUrl: text('helpUrl', ''),
    displayName: text('displayName', ''),
    metadataProfile: text('metadataProfile', null),
    projectLinkTemplate: text('projectLinkTemplate', null),
    ...(isOAuth(registration)
      ? {
          authorize_url: endpoints.authorizationUrl ?? '',
          refresh_url: endpoints.tokenUrl ?? '',
          client_id: fields['client_id'],
        }
      : { credentials: parse(fields['credentials'], { userId: true, password: true }) }),
  };
}

export function implementsOf({ fields }: Registration): unknown {
  return parse(fields['implements'], ['metadata']);
}

/** A service without a client of OAuth 2.0 is one to which users enter names and passwords. */
export function isOAuth({ fields }: Registration): boolean {
  return fields['client_id'] !== undefined;
}

/** It was written as JSON by us, or by somebody in GraphQL. */
function parse(text: unknown, fallback: unknown): unknown {
  if (typeof text !== 'string') return fallback;
  try {
    return JSON.parse(text);
  } catch {
    return fallback;
  }
}
