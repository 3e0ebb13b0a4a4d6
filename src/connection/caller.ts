/** Who asks: the application, and the end user for whom it asks. */
export interface Caller {
  readonly tenant: string;
  readonly subject: string;
}
