# frozen_string_literal: true

module FiberLink
  # A JSON object that the Fiber Link server answered: each value is of the type that its reader
  # names, or the whole answer is a bad one.
  class Answer
    INVOICE = /\A[0-9A-Za-z]{1,4096}\z/
    TIME = /\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)\z/

    def initialize(value, name)
      @name = name
      @fields = value.is_a?(Hash) ? value : bad("it", "an object")
    end

    def has?(field)
      !@fields[field].nil?
    end

    # A string of visible characters without control characters.
    def string(field, limit: 255)
      value = @fields[field]
      fits =
        value.is_a?(String) && value.valid_encoding? && value.length.between?(1, limit) &&
          !value.match?(/[[:cntrl:]]/)
      fits ? value : bad(field, "a string of 1 to #{limit} characters")
    end

    # Words of people, which may be missing: any characters but NUL, which PostgreSQL has none of.
    def words(field, limit: 1000)
      value = @fields[field]
      return if value.nil?
      return bad(field, "a string or null") unless value.is_a?(String)
      return bad(field, "a string of at most #{limit} characters") if value.length > limit
      value.scrub(" ").delete("\0").presence
    end

    def one_of(field, allowed)
      value = @fields[field]
      allowed.include?(value) ? value : bad(field, "one of #{allowed.join(", ")}")
    end

    def invoice(field)
      value = @fields[field]
      fits = value.is_a?(String) && value.valid_encoding? && value.match?(INVOICE)
      fits ? value : bad(field, "an invoice")
    end

    # Zero is an amount here: of a balance or a fee.
    def amount(field)
      value = @fields[field]
      fits = value.is_a?(String) && value.match?(Amount::PATTERN)
      fits ? BigDecimal(value) : bad(field, "an amount")
    end

    def positive_amount(field)
      value = amount(field)
      value.positive? ? value : bad(field, "more than 0")
    end

    def time(field)
      value = @fields[field]
      return bad(field, "a time") unless value.is_a?(String) && value.match?(TIME)
      Time.zone.parse(value) || bad(field, "a time")
    rescue ArgumentError
      bad(field, "a time")
    end

    def integer(field, range)
      value = @fields[field]
      value.is_a?(Integer) && range.cover?(value) ? value : bad(field, "a number in #{range}")
    end

    def boolean(field)
      value = @fields[field]
      [true, false].include?(value) ? value : bad(field, "true or false")
    end

    def object(field)
      Answer.new(@fields[field], "#{@name}.#{field}")
    end

    def array(field, limit: 1000)
      value = @fields[field]
      fits = value.is_a?(Array) && value.size <= limit
      fits ? value : bad(field, "an array of at most #{limit}")
    end

    def objects(field, limit: 1000)
      array(field, limit: limit).map.with_index do |value, at|
        Answer.new(value, "#{@name}.#{field}[#{at}]")
      end
    end

    # The value of another reader, or nil where there is none: `optional(:time, "settledAt")`.
    def optional(reader, field, ...)
      has?(field) ? public_send(reader, field, ...) : nil
    end

    private

    # What came is not repeated: it may be long, and it may be somebody's.
    def bad(field, expected)
      message = "#{@name}: #{field} has to be #{expected}"
      Rails.logger.warn("fiber-link: bad_answer: #{message}")
      raise Unavailable.new(:bad_answer, message)
    end
  end
end
