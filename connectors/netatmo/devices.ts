/** Reads stations with their modules, and homes with their rooms: one answer each holds several kinds of things. */
import type { OpenConnection } from '../../src/connector/define.ts';

/** A station as it is answered, with its modules in it. */
export interface StationAnswer {
  readonly _id: string;
  readonly type: string;
  readonly station_name?: string;
  readonly module_name?: string;
  /** What it measured; its keys depend on the device. */
  readonly dashboard_data?: any;
  readonly modules?: readonly ModuleAnswer[];
}
export interface ModuleAnswer {
  readonly _id: string;
  readonly type: string;
  readonly module_name?: string;
  /** What it measured; its keys depend on the device. */
  readonly dashboard_data?: any;
}

/**
 * All stations of the account, or one.
 *
 * @see https://dev.netatmo.com/apidocumentation/weather#getstationsdata
 */
export async function readStations(connection: OpenConnection, stationId?: string): Promise<readonly StationAnswer[]> {
  const request = connection.get('getstationsdata');
  const { body } = await (stationId === undefined ? request : request.params({ device_id: stationId }));
  return body.devices ?? [];
}

/** All modules, each with the id of its station. */
export async function readModules(connection: OpenConnection) {
  const stations = await readStations(connection);
  return stations.flatMap(({ _id, modules = [] }) => modules.map((one) => ({ ...one, station_id: _id })));
}

/**
 * All rooms whose heating is controlled: what they are called from `homesdata`, how warm they are from `homestatus`.
 *
 * @see https://dev.netatmo.com/apidocumentation/energy#homesdata
 * @see https://dev.netatmo.com/apidocumentation/energy#homestatus
 */
export async function readRooms(connection: OpenConnection) {
  const { body } = await connection.get('homesdata');
  const homes: readonly HomeAnswer[] = body.homes ?? [];
  // A home without heating has no status to ask for.
  const heated = homes.filter(({ modules = [] }) => modules.some(({ type }) => heatingTypes.has(type)));
  const statuses = await connection.parallel(
    heated.map(({ id }) => connection.get('homestatus').params({ home_id: id })),
  );
  return heated.flatMap(({ id: home_id, rooms = [] }, index) => {
    const measured: readonly { readonly id: string }[] = statuses[index]?.body?.home?.rooms ?? [];
    return measured.map((status) => ({ home_id, ...rooms.find(({ id }) => id === status.id), ...status }));
  });
}

interface HomeAnswer {
  readonly id: string;
  readonly rooms?: readonly { readonly id: string; readonly name?: string; readonly type?: string }[];
  readonly modules?: readonly { readonly type: string }[];
}

/** Relay, thermostat, valve, OpenTherm gateway and thermostat. */
const heatingTypes: ReadonlySet<string> = new Set(['NAPlug', 'NATherm1', 'NRV', 'OTH', 'OTM', 'BNS']);
