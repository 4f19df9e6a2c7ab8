/** What every command takes, declared once in program.ts. */
export interface GlobalOptions {
  readonly data: string;
  readonly json?: true;
}
