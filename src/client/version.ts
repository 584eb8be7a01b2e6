/** The version of the package, as the connector tells it to servers. */
export const VERSION = '0.1.0';
