/** Reads the revocation list of a folder (`ca.crl`, signed by `ca.crt`), its signature included; answers whether a serial number (hex) is in it. */
export interface CrlReader {
  read(folder: string): Promise<(serialNumber: string) => boolean>
  /** how many look-ups are timed: fewer where one takes milliseconds */
  readonly lookUps: number
}
