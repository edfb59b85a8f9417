import { randomBytes } from 'node:crypto'

/** 32 characters that are not mistaken for one another when read aloud or copied by hand. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz023456789'

/** A password of 100 random bits, in four groups of five: `k2mvx-07hqa-…`. */
export function generatePassword(): string {
  const characters = Array.from(randomBytes(20), byte => alphabet[byte % alphabet.length])
  return [0, 5, 10, 15].map(start => characters.slice(start, start + 5).join('')).join('-')
}
