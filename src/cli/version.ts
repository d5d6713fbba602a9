/** The version that `socknb --version` prints: that of package.json. */
export const VERSION = '0.1.0';
