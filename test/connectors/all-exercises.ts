/** The exercises of every connector that comes with Plugboard, by the name of its folder. */
import type { ConnectorExercises } from '../contract/connector-contract.ts';
import { exercises as github } from './github/exercises.ts';
import { exercises as myApp } from './my-app/exercises.ts';
import { exercises as myCalendar } from './my-calendar/exercises.ts';
import { exercises as myLocker } from './my-locker/exercises.ts';
import { exercises as netatmo } from './netatmo/exercises.ts';
import { exercises as openweathermap } from './openweathermap/exercises.ts';
import { exercises as owncloud } from './owncloud/exercises.ts';
import { exercises as zenodo } from './zenodo/exercises.ts';

export const exercises: Readonly<Record<string, ConnectorExercises>> = {
  github,
  'my-app': myApp,
  'my-calendar': myCalendar,
  'my-locker': myLocker,
  netatmo,
  openweathermap,
  owncloud,
  zenodo,
};
