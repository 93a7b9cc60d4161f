# frozen_string_literal: true

module FiberLink
  # What a notification keeps: a JSON of at most 1000 characters, in which Rails writes a "<" with
  # six. Words are cut until it fits.
  module NotificationData
    LIMIT = 1000
    WORDS = %i[message topic_title].freeze
    TOTALS_LIMIT = 5

    def self.fit(data)
      data = data.symbolize_keys
      WORDS.each do |name|
        data[name] = cut(data, name) if data[name].present? && data.to_json.length > LIMIT
      end
      data
    end

    # Of several tips: the words and the name of the newest, and the name of another who gave one.
    def self.merge(data, earlier)
      names = [earlier[:display_username], earlier[:username2]].compact - [data[:display_username]]
      data.merge(
        count: earlier.fetch(:count, 1).to_i + 1,
        totals: add(earlier[:totals], data[:totals]),
        username2: names.first,
        user_ids: (data[:user_ids].to_a | earlier[:user_ids].to_a).first(10),
      )
    end

    # The longest beginning that fits.
    def self.cut(data, name)
      words = data[name]
      fits = ->(length) { data.merge(name => beginning(words, length)).to_json.length <= LIMIT }
      length = (0..words.length).bsearch { |missing| fits.call(words.length - missing) }
      length ? beginning(words, words.length - length) : nil
    end

    def self.beginning(words, length)
      length < words.length ? "#{words[0, length]}…" : words
    end

    # `[{ asset:, amount: }]` of both.
    def self.add(totals, others)
      sums = Hash.new(BigDecimal(0))
      (totals.to_a + others.to_a).each do |total|
        total = total.symbolize_keys
        sums[total[:asset]] += BigDecimal(total[:amount])
      end
      sums.first(TOTALS_LIMIT).map { |asset, sum| { asset: asset, amount: Amount.format(sum) } }
    end
    private_class_method :cut, :beginning
  end
end
