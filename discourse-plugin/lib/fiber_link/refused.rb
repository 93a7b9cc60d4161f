# frozen_string_literal: true

module FiberLink
  # What was asked is not possible as it was asked. The message is in words for people.
  class Refused < StandardError
    REASONS = %i[
      own_post
      not_tippable
      paused
      idempotency_conflict
      refused
      invalid
      not_found
    ].freeze

    attr_reader :reason, :code, :issues

    # `issues` are of single fields: `[{ field:, message: }]`.
    def initialize(reason, message = nil, code: nil, issues: [])
      raise ArgumentError, "reason: #{reason.inspect}" unless REASONS.include?(reason)
      @reason = reason
      @code = code
      @issues = issues
      super(message.presence || I18n.t("fiber_link.refused.#{reason}"))
    end
  end
end
