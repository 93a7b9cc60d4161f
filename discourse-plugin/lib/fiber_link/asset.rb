# frozen_string_literal: true

module FiberLink
  # What the server accepts tips in, as far as the forum's settings name it, in their order.
  class Asset
    KEY = "fiber-link:assets"
    KEPT_SECONDS = 60
    LIMIT = 100

    attr_reader :name, :decimals, :minimum, :maximum

    def self.all
      offered = read.index_by(&:name)
      SiteSetting.fiber_link_assets.split("|").filter_map { |name| offered[name] }
    end

    def self.find(name)
      all.find { |asset| asset.name == name }
    end

    # The list hardly ever changes, and every window that opens needs it.
    def self.read
      kept = Discourse.redis.get(KEY)
      fields = kept ? JSON.parse(kept) : ask
      fields.map { |asset| new(**asset.symbolize_keys) }
    end

    def self.ask
      assets = Client.call("asset.list").objects("assets", limit: LIMIT)
      fields = assets.select { |asset| asset.boolean("tips") }.map { |asset| fields(asset) }
      Discourse.redis.setex(KEY, KEPT_SECONDS, fields.to_json)
      fields
    end

    def self.fields(asset)
      {
        "name" => asset.string("asset"),
        "decimals" => asset.integer("decimals", 0..Amount::DECIMALS),
        "minimum" => limit(asset, "tipMinimum"),
        "maximum" => limit(asset, "tipMaximum"),
      }
    end

    def self.limit(asset, field)
      amount = asset.optional(:amount, field)
      amount && Amount.format(amount)
    end
    private_class_method :read, :ask, :fields, :limit

    def initialize(name:, decimals:, minimum:, maximum:)
      @name = name
      @decimals = decimals
      @minimum = minimum
      @maximum = maximum
    end

    def as_json(*)
      { asset: name, decimals: decimals, minimum: minimum, maximum: maximum }
    end
  end
end
