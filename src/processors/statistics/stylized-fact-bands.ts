import type { StylizedFact } from './stylized-facts.ts'

export interface FactBand {
  readonly p10: number
  readonly p50: number
  readonly p90: number
}

/**
 * Percentiles over 58 symbol-months of real one-minute candles: Binance USD-M futures, ALGO AVAX DOT FIL LINK LTC NEAR
 * against USDT, 2023-02 to 2026-07, 2,465,280 candles (from owlacar-dotcom/isda, computed from the public dumps).
 */
export const CRYPTO_BANDS: Readonly<Record<StylizedFact, FactBand>> = {
  std_bp: { p10: 9.3852, p50: 12.24, p90: 18.169 },
  kurt: { p10: 9.3837, p50: 27.291, p90: 527.81 },
  skew: { p10: -5.8161, p50: -0.44055, p90: 0.25477 },
  hill_tail_1pct: { p10: 2.7854, p50: 3.3641, p90: 3.9871 },
  acf_r1: { p10: -0.14326, p50: -0.02505, p90: 0.01669 },
  zero_ret: { p10: 0.06351, p50: 0.14755, p90: 0.34626 },
  acf_abs_1: { p10: 0.18436, p50: 0.26921, p90: 0.35914 },
  acf_abs_5: { p10: 0.11709, p50: 0.19069, p90: 0.2565 },
  acf_abs_10: { p10: 0.10032, p50: 0.15778, p90: 0.22575 },
  acf_abs_60: { p10: 0.0604, p50: 0.11542, p90: 0.1743 },
  acf_abs_1440: { p10: 0.028, p50: 0.05696, p90: 0.10236 },
  kurt_x5: { p10: 8.2235, p50: 16.541, p90: 190.69 },
  kurt_x60: { p10: 5.6396, p50: 7.9935, p90: 28.139 },
  corr_absr_vol: { p10: 0.40874, p50: 0.55038, p90: 0.61597 },
  corr_absr_logvol: { p10: 0.35229, p50: 0.44034, p90: 0.50878 },
  z3_ret_w20: { p10: 0.01406, p50: 0.01723, p90: 0.02158 },
  z3_vol_w20: { p10: 0.04084, p50: 0.04374, p90: 0.04615 },
  z3_ret_w60: { p10: 0.00937, p50: 0.01221, p90: 0.01567 },
  z3_vol_w60: { p10: 0.02902, p50: 0.03119, p90: 0.03263 },
  z3_ret_w1440: { p10: 0.00961, p50: 0.01284, p90: 0.01499 },
  z3_vol_w1440: { p10: 0.01515, p50: 0.0184, p90: 0.02134 },
}
