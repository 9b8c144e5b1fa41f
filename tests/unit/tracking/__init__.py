"""The judgement: fold, table, clocks and rules, without a store."""
