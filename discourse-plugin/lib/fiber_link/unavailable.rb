# frozen_string_literal: true

module FiberLink
  # The Fiber Link server did not answer, or not as it should. Whether it acted is not known, so
  # asking again needs the same idempotency key. The message is for the log: people see none of it.
  class Unavailable < StandardError
    KINDS = %i[not_configured unreachable unauthorized bad_answer].freeze

    attr_reader :kind

    def initialize(kind, message)
      raise ArgumentError, "kind: #{kind.inspect}" unless KINDS.include?(kind)
      @kind = kind
      super(message)
    end
  end
end
