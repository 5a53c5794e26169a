/**
 * How days between two dates become a part of a year.
 * - `30/360_us`: 2006 ISDA Definitions 4.16(f), bond basis; MSRB rule G-33. The rule for the end of February, which
 *   some apply to bonds with coupons at month ends, is not part of it.
 * - `30e/360`: 2006 ISDA Definitions 4.16(g), Eurobond basis.
 * - `actual/360`: 2006 ISDA Definitions 4.16(e).
 * - `actual/365`: 2006 ISDA Definitions 4.16(d), fixed: 365 in leap years too.
 * - `actual/actual`: 2006 ISDA Definitions 4.16(b): days in a leap year over 366, the others over 365.
 */
export type DayCount = '30/360_us' | '30e/360' | 'actual/360' | 'actual/365' | 'actual/actual';
