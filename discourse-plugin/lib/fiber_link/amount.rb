# frozen_string_literal: true

module FiberLink
  # Amounts are BigDecimals here and strings everywhere else; never floats.
  module Amount
    # Far beyond every asset, and short enough for any database and any page.
    WHOLE_DIGITS = 24
    DECIMALS = 18
    PATTERN = /\A\d{1,#{WHOLE_DIGITS}}(\.\d{1,#{DECIMALS}})?\z/

    # The amount that a string says, or nil where it is none: positive, plain digits, no exponent,
    # and no more decimals than allowed.
    def self.parse(text, decimals: DECIMALS)
      return unless text.is_a?(String) && text.match?(PATTERN)
      return if text[/\.(\d*?)0*\z/, 1].to_s.size > decimals

      amount = BigDecimal(text)
      amount if amount.positive?
    end

    # The same amount always reads the same: no exponent and no trailing zeros.
    def self.format(amount)
      text = amount.to_d.to_s("F")
      text.include?(".") ? text.sub(/\.?0+\z/, "") : text
    end
  end
end
