# frozen_string_literal: true

module FiberLink
  # One object of an answer of the Fiber Link server, read field by field. What is missing or of
  # another type is a bad answer as a whole: nothing half-read reaches a page.
  class Answer
    TEXT_LIMIT = 4096
    LIST_LIMIT = 100
    TIME = /\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z\z/

    def initialize(value)
      wrong("an object") if !value.is_a?(Hash)
      @value = value
    end

    def text(name)
      value = @value[name]
      wrong("text", name) if !value.is_a?(String) || value.length > TEXT_LIMIT
      value
    end

    def text?(name)
      @value[name].nil? ? nil : text(name)
    end

    def word(name, words)
      words.fetch(text(name)) { wrong("one of #{words.keys.join(", ")}", name) }
    end

    # Zero is an amount here, as a balance or a fee may be.
    def amount(name)
      value = text(name)
      wrong("an amount", name) if !value.match?(Amount::PATTERN)
      Amount.format(BigDecimal(value))
    end

    def amount?(name)
      @value[name].nil? ? nil : amount(name)
    end

    def time(name)
      value = text(name)
      wrong("a time", name) if !value.match?(TIME)
      value
    end

    def time?(name)
      @value[name].nil? ? nil : time(name)
    end

    def flag(name)
      value = @value[name]
      wrong("true or false", name) if ![true, false].include?(value)
      value
    end

    def object(name)
      Answer.new(@value[name])
    end

    def list(name)
      value = @value[name]
      wrong("a list", name) if !value.is_a?(Array) || value.size > LIST_LIMIT
      value.map { |item| Answer.new(item) }
    end

    private

    def wrong(expected, name = nil)
      raise Client::BadAnswer, "#{[name, "is not #{expected}"].compact.join(" ")}"
    end
  end
end
