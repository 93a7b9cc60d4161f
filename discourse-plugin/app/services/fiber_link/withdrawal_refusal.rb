# frozen_string_literal: true

module FiberLink
  # What the server refuses of a withdrawal, said with the names and words of the form.
  module WithdrawalRefusal
    # The fee of the quote is what the request is bound to.
    FEE = "network_fee_limit"
    # What is said of these is a sentence of its own; of others, "must be …".
    SENTENCES = %w[fee destination].freeze

    def self.of(refused)
      case refused.reason
      when :paused then with(refused, "paused")
      when :idempotency_conflict then with(refused, "sent_before")
      when :invalid then of_fields(refused)
      else refused
      end
    end

    def self.of_fields(refused)
      issues = refused.issues.map { |issue| of_form(issue) }.uniq { |issue| issue[:field] }
      words = issues.first[:message] if issues.one? && SENTENCES.include?(issues.first[:field])
      Refused.new(:invalid, words, code: refused.code, issues: issues)
    end

    def self.of_form(issue)
      case issue[:field]
      when FEE then { field: "fee", message: I18n.t("fiber_link.withdrawal.fee_changed") }
      when /\Adestination\b/ then issue.merge(field: "destination")
      else issue
      end
    end

    def self.with(refused, words)
      text = I18n.t("fiber_link.withdrawal.#{words}")
      Refused.new(refused.reason, text, code: refused.code)
    end
    private_class_method :of_fields, :of_form, :with
  end
end
