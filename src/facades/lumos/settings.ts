/** What an operator may choose of the Lumos facade. */
export interface LumosSettings {
  /** The connector that `/list-accounts`, `/<app_id>/list_accounts` and `/info` without `/lumos/<connector>` ask. Default none. */
  readonly connector?: string;
}
