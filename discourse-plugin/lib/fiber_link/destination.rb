# frozen_string_literal: true

module FiberLink
  # Where a withdrawal goes, as somebody typed or pasted it: an invoice or a CKB address.
  class Destination
    LIMIT = 4096
    ADDRESS = /\Ack[tb]1/i
    SCHEME = /\Afiber:/i

    # Nil where the text can be neither; what it means is the server's to say.
    def self.parse(text)
      text = text.strip.sub(SCHEME, "") if text.valid_encoding?
      new(text) if text.length <= LIMIT && text.match?(/\A[\x21-\x7e]+\z/)
    rescue Encoding::CompatibilityError, ArgumentError
      nil
    end

    def self.text_of(wire)
      text = wire["kind"] == "CKB_ADDRESS" ? wire["address"] : wire["paymentRequest"]
      text.is_a?(String) ? text : nil
    end

    def initialize(text)
      @text = text
    end

    def to_wire
      if @text.match?(ADDRESS)
        { kind: "CKB_ADDRESS", address: @text }
      else
        { kind: "PAYMENT_REQUEST", paymentRequest: @text }
      end
    end
  end
end
