# frozen_string_literal: true

module FiberLink
  # Where a withdrawal goes, as somebody typed or pasted it: an invoice or a CKB address. Whether it
  # is a good one is the server's to say.
  class Destination
    LIMIT = 4096
    ADDRESS = /\Ack[tb]1/i
    # Of the link that our own tip window makes of an invoice.
    SCHEME = /\Afiber:/i

    # Nil where the text can be neither.
    def self.parse(text)
      return if !text.is_a?(String) || !text.valid_encoding? || text.length > LIMIT

      text = text.strip.sub(SCHEME, "")
      new(text) if text.match?(/\A[!-~]+\z/)
    end

    # The text of what the server answers.
    def self.text(answer)
      if answer.one_of("kind", %w[CKB_ADDRESS PAYMENT_REQUEST]) == "CKB_ADDRESS"
        answer.string("address", limit: LIMIT)
      else
        answer.string("paymentRequest", limit: LIMIT)
      end
    end

    attr_reader :text

    def initialize(text)
      @text = text
    end

    def to_wire
      if text.match?(ADDRESS)
        { kind: "CKB_ADDRESS", address: text }
      else
        { kind: "PAYMENT_REQUEST", paymentRequest: text }
      end
    end
  end
end
