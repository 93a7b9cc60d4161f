# frozen_string_literal: true

module FiberLink
  # What somebody filled in to tip a post: checked as far as the forum can, so that the server is
  # not asked for what cannot be. The server checks all of it again.
  class TipForm
    attr_reader :asset, :amount, :message, :anonymous

    def initialize(asset:, amount:, message:, anonymous:)
      @asset = Asset.find(asset) || wrong(:asset, "asset", asset: asset)
      @amount = read_amount(amount)
      @message = read_message(message)
      @anonymous = anonymous
    end

    private

    def read_amount(text)
      text = text.strip
      amount = Amount.parse(text, decimals: asset.decimals)
      names = { asset: asset.name, decimals: asset.decimals, got: text }
      wrong(:amount, "amount", **names) if amount.nil?
      if asset.minimum && amount < BigDecimal(asset.minimum)
        wrong(:amount, "minimum", **names, minimum: asset.minimum)
      end
      if asset.maximum && amount > BigDecimal(asset.maximum)
        wrong(:amount, "maximum", **names, maximum: asset.maximum)
      end
      amount
    end

    def read_message(text)
      text = text.to_s.strip
      return if text.empty?
      return text if text.length <= Tip::MESSAGE_LIMIT
      wrong(:message, "message", limit: Tip::MESSAGE_LIMIT, got: text.length)
    end

    def wrong(field, key, **values)
      values = values.transform_values { |value| PlainText.line(value.to_s, 60) }
      message = I18n.t("fiber_link.tip.wrong.#{key}", **values)
      raise Refused.new(:invalid, message, issues: [{ field: field, message: message }])
    end
  end
end
