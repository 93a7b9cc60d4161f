# frozen_string_literal: true

module FiberLink
  # What an error that the server answered means here: Refused for who asked, Unavailable otherwise.
  module ServerError
    WORDS_LIMIT = 300
    ISSUES_LIMIT = 20
    REFUSED = {
      -32_004 => :not_found,
      -32_010 => :idempotency_conflict,
      -32_012 => :refused,
    }.freeze
    UNAVAILABLE = {
      -32_001 => :unauthorized,
      -32_005 => :unreachable,
      -32_011 => :unreachable,
    }.freeze

    def self.from(error)
      code = error["code"]
      data = error["data"].is_a?(Hash) ? error["data"] : {}
      case code
      when -32_602 then invalid(error, data)
      # Its words name the app and the user, which says little to who asked.
      when -32_013 then Refused.new(:paused, code: code)
      when *REFUSED.keys then Refused.new(REFUSED[code], code: code)
      else
        kind = UNAVAILABLE.fetch(code, :bad_answer)
        Unavailable.new(kind, "error #{code}: #{PlainText.line(error["message"], 200)}")
      end
    end

    # With issues the message says nothing of its own; without, it is in words for people.
    def self.invalid(error, data)
      issues = issues(data["issues"])
      # The key belongs to something that cannot go on: only a new one can.
      if issues.any? { |issue| issue[:field] == "idempotency_key" }
        return Refused.new(:idempotency_conflict, code: -32_602)
      end
      return Refused.new(:invalid, code: -32_602, issues: issues) if issues.any?
      Refused.new(:refused, PlainText.line(error["message"], WORDS_LIMIT), code: -32_602)
    end

    def self.issues(value)
      issues = value.is_a?(Array) ? value.first(ISSUES_LIMIT).grep(Hash) : []
      issues.filter_map do |issue|
        field = PlainText.line(issue["field"], 60)
        message = PlainText.line(issue["message"], WORDS_LIMIT)
        { field: field.underscore, message: message } if field.present? && message.present?
      end
    end
    private_class_method :invalid, :issues
  end
end
